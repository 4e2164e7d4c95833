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
package net.spsv.ftpserver.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.apache.ftpserver.ftplet.FileSystemFactory;
import org.apache.ftpserver.ftplet.FileSystemView;
import org.apache.ftpserver.ftplet.FtpFile;
import org.apache.ftpserver.ftplet.User;

/** A file system without directories, whose files come with streams of the test's own making. */
final class VirtualFiles implements FileSystemFactory {
    private final Map<String, Streams> files = new ConcurrentSkipListMap<>();

    /** What is behind one file. */
    interface Streams {
        InputStream read(long offset) throws IOException;

        default OutputStream write(final long offset) throws IOException {
            throw new IOException("read only");
        }
    }

    VirtualFiles file(final String name, final Streams streams) {
        files.put(name, streams);
        return this;
    }

    @Override
    public FileSystemView createFileSystemView(final User user) {
        return new View();
    }

    private final class View implements FileSystemView {
        @Override
        public FtpFile getHomeDirectory() {
            return new Root();
        }

        @Override
        public FtpFile getWorkingDirectory() {
            return new Root();
        }

        @Override
        public boolean changeWorkingDirectory(final String directory) {
            return isRoot(directory);
        }

        @Override
        public FtpFile getFile(final String path) {
            final String name = path.substring(path.lastIndexOf('/') + 1);
            return isRoot(path) ? new Root() : new File(name, files.get(name));
        }

        @Override
        public boolean isRandomAccessible() {
            return true;
        }

        @Override
        public void dispose() {
            // nothing is open
        }

        private boolean isRoot(final String path) {
            return path.isEmpty() || "/".equals(path) || ".".equals(path) || "./".equals(path);
        }
    }

    private abstract static class Node implements FtpFile {
        @Override
        public boolean isHidden() {
            return false;
        }

        @Override
        public boolean isFile() {
            return !isDirectory();
        }

        @Override
        public boolean isReadable() {
            return true;
        }

        @Override
        public boolean isWritable() {
            return true;
        }

        @Override
        public boolean isRemovable() {
            return false;
        }

        @Override
        public String getOwnerName() {
            return "user";
        }

        @Override
        public String getGroupName() {
            return "group";
        }

        @Override
        public int getLinkCount() {
            return 1;
        }

        @Override
        public long getLastModified() {
            return 0;
        }

        @Override
        public boolean setLastModified(final long time) {
            return false;
        }

        @Override
        public long getSize() {
            return 0;
        }

        @Override
        public Object getPhysicalFile() {
            return null;
        }

        @Override
        public boolean mkdir() {
            return false;
        }

        @Override
        public boolean delete() {
            return false;
        }

        @Override
        public boolean move(final FtpFile destination) {
            return false;
        }
    }

    private final class Root extends Node {
        @Override
        public String getAbsolutePath() {
            return "/";
        }

        @Override
        public String getName() {
            return "/";
        }

        @Override
        public boolean isDirectory() {
            return true;
        }

        @Override
        public boolean doesExist() {
            return true;
        }

        @Override
        public List<? extends FtpFile> listFiles() {
            final List<FtpFile> all = new ArrayList<>();
            files.forEach((name, streams) -> all.add(new File(name, streams)));
            return all;
        }

        @Override
        public OutputStream createOutputStream(final long offset) throws IOException {
            throw new IOException("a directory");
        }

        @Override
        public InputStream createInputStream(final long offset) throws IOException {
            throw new IOException("a directory");
        }
    }

    private static final class File extends Node {
        private final String name;
        private final Streams streams;

        File(final String name, final Streams streams) {
            this.name = name;
            this.streams = streams;
        }

        @Override
        public String getAbsolutePath() {
            return "/" + name;
        }

        @Override
        public String getName() {
            return name;
        }

        @Override
        public boolean isDirectory() {
            return false;
        }

        @Override
        public boolean doesExist() {
            return streams != null;
        }

        @Override
        public List<? extends FtpFile> listFiles() {
            return Collections.emptyList();
        }

        @Override
        public OutputStream createOutputStream(final long offset) throws IOException {
            return streams.write(offset);
        }

        @Override
        public InputStream createInputStream(final long offset) throws IOException {
            return streams.read(offset);
        }
    }
}
