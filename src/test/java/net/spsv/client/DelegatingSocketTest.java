/*
 * Copyright the ftpserver-spsv authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package net.spsv.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.Socket;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A method of Socket that is not passed on would act on a socket that is not connected. */
@Timeout(60)
class DelegatingSocketTest {

    @Test
    void everyMethodOfJava8IsPassedOn() {
        final List<String> own = signatures(DelegatingSocket.class);
        assertThat(signatures(Socket.class))
                .filteredOn(
                        signature -> !signature.matches("(setPerformancePreferences|[sg]etOption|supportedOptions).*"))
                .hasSizeGreaterThan(35)
                .allSatisfy(signature -> assertThat(own).contains(signature));
    }

    private static List<String> signatures(final Class<?> type) {
        return Arrays.stream(type.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()) && !Modifier.isStatic(method.getModifiers()))
                .map(DelegatingSocketTest::signature)
                .collect(Collectors.toList());
    }

    private static String signature(final Method method) {
        return method.getName() + Arrays.toString(method.getParameterTypes());
    }
}
